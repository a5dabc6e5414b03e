"""What happens before and while somebody signs in: registering, waiting, signing in."""
