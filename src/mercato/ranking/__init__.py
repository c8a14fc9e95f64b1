"""What search and recommend share: history, features, fusion, reasons and explanations."""
