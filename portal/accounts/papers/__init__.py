"""What is printed and opens an account: Pass, Card and recovery sheet."""
