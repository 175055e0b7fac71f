-- The order of whoever opens the list of clients. The others are made by looking at all rows, which spares each code and
-- token their indexes.
CREATE INDEX client_overviews_by_identifier ON client_overviews (org_id, identifier_key COLLATE "C", client_id);
-- Lists look at many third parties too, so here as well the setting is read once a statement rather than once a row.
ALTER POLICY tenant ON third_parties
    USING (org_id = (SELECT nullif(current_setting('countersign.org_id', true), '')::uuid));
