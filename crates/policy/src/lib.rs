//! Judgement: network, hours, validity, price; pure functions from facts to a verdict
