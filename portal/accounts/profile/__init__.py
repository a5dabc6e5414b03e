"""Who somebody is, and how colleagues find them."""
