"""What touches the world on behalf of both faces: forges, git, the audit branch."""
