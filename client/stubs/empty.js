// Stands in for Node modules that browser code never reaches.
export default {};
