-- Records tell what happened and must stay as they were written. Table owners
-- can drop the trigger, but nobody changes a record by accident or in passing.
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% rows are records: they cannot be changed or deleted', TG_TABLE_NAME;
END;
$$;
