"""What citations promise over time: pins, evidence rules, retractions, premises."""
