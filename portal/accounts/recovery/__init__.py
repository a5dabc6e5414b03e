"""What a person does who has lost a secret, or fears that somebody has it."""
