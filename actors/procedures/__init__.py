"""What takes time, told as stories: each procedure awaits effects and reports events."""
