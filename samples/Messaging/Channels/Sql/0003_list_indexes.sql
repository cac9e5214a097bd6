-- The page of the channel list seeks among the public channels; who owns a channel is counted and listed without reading its other members.
CREATE INDEX channels_by_visibility ON channels (private, id);
CREATE INDEX members_by_role ON members (channel_id, role, user_id);
