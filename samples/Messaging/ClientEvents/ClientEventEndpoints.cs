using System.Text.Json;
using System.Text.RegularExpressions;
using Messaging.Accounts;
using Messaging.Channels;
using Messaging.Database;
using Messaging.Http;
using Messaging.Realtime;
using Resilience.Sse;

namespace Messaging.ClientEvents;

/// <summary>Events from client to client, such as typing: passed on to the members who are there, and never stored.</summary>
internal static partial class ClientEventEndpoints
{
    internal const string RatePolicy = "client-events";

    private const int MaxDataBytes = 1_024;

    // Names of the server's own events, and of those that EventSource raises itself (open, error): nobody may speak in their name. Those with a dot
    // cannot be written anyway; the words before the dot are kept for the server too.
    private static readonly HashSet<string> Reserved =
        ["open", "error", "close", "message", "sse", "presence", "membership", "channel", "attachment", "scheduled", "session"];

    internal static void MapClientEvents(this RouteGroupBuilder api) =>
        api.MapPost("/channels/{id}/events", SendAsync).WithTags("Realtime").RequireAuthorization().RequireRateLimiting(RatePolicy)
            .WithSummary("Send a client event to the members of a channel, where the application's configuration allows it.")
            .Produces(204).ProducesValidationProblem().ProducesProblem(401).ProducesProblem(403).ProducesProblem(404).ProducesProblem(429);

    private static async Task<IResult> SendAsync(
        string id, SendClientEvent sent, HttpContext context, AppSettings apps, Db database, ISsePublisher publisher, CancellationToken cancellationToken)
    {
        if (!Ids.TryParse(id, out var channelId))
        {
            return Problems.NotFound("channel");
        }

        var caller = Caller.Of(context.User);
        var access = await database.ReadAsync(scope => Access.ReadAsync(scope, channelId, caller.UserId), cancellationToken);
        if (Access.Refusal(access) is { } refusal)
        {
            return refusal;
        }

        if (!apps.AllowsClientEvents(context))
        {
            return Problems.Forbidden("Client events are off. An operator turns them on with Apps:{key}:ClientEvents=true.");
        }

        if (sent.Type is null || !TypePattern().IsMatch(sent.Type) || Reserved.Contains(sent.Type))
        {
            return Problems.Invalid("type", "must be 1 to 50 lower-case letters, digits or hyphens, and no name of the server's own events.");
        }

        var data = JsonSerializer.SerializeToUtf8Bytes(new ClientEvent(id, caller.ToShape(), sent.Type, sent.Data), Json.Options);
        if (sent.Data is { } value && value.GetRawText().Length > MaxDataBytes)
        {
            return Problems.Invalid("data", $"must have at most {MaxDataBytes:N0} characters of JSON.");
        }

        await publisher.PublishAsync(Topics.Channel(channelId), SseMessage.FromUtf8(data, sent.Type), cancellationToken);
        return TypedResults.NoContent();
    }

    [GeneratedRegex("^[a-z][a-z0-9-]{0,49}$")]
    private static partial Regex TypePattern();
}
