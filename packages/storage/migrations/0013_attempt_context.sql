-- Context of the span that the worker made for the latest attempt that started: the next attempt's span links to it.
ALTER TABLE task ADD COLUMN attempt_traceparent text;
