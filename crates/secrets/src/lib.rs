//! Real keys: sources, cache, versions, and the needles by which a leak is recognised
