DROP FUNCTION append_events(text, text[], text[]);
