"""Where logs are kept: one protocol, several stores."""
