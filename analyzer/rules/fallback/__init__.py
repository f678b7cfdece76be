"""What is said where no other rule can say more (ANY)."""
