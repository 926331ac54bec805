-- The facet of all tasks of batches: those of them that wait do not count as queued runs. They are
-- the runs of this origin, which each organization has a facet for.
INSERT INTO run_facets (k, org, kind, value, n0, n1, n2, n3, n4, n5)
  SELECT -1, 0, 0, 'batch', coalesce(sum(n0), 0), coalesce(sum(n1), 0), coalesce(sum(n2), 0),
    coalesce(sum(n3), 0), coalesce(sum(n4), 0), coalesce(sum(n5), 0)
  FROM run_facets WHERE kind = 2 AND value = 'batch';
INSERT INTO run_blocks (facet, block, n0, n1, n2, n3, n4, n5)
  SELECT k, 0, n0, n1, n2, n3, n4, n5 FROM run_facets WHERE k = -1;
