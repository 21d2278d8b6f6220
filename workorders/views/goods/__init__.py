"""Pages of goods: containers, shipments, labels, damages, the Logistics tab."""
