// Stands in for xmlbuilder2, which vtk.js needs only to write XML files.
export const create = () => {
  throw new Error("writing XML is not part of this build");
};
export default { create };
