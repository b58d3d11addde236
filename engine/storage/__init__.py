"""Object stores that hold backups. Reading only."""
