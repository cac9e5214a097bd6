using System.Text.Json;
using Messaging.Accounts;

namespace Messaging.ClientEvents;

/// <summary>What POST /api/channels/{id}/events takes.</summary>
public sealed record SendClientEvent(string? Type, JsonElement? Data);

/// <summary>What the members of the channel get.</summary>
public sealed record ClientEvent(string ChannelId, UserShape User, string Type, JsonElement? Data);
