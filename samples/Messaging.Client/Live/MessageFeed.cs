using System.Net.ServerSentEvents;
using System.Text.Json;
using Messaging.Client.Api;

namespace Messaging.Client.Live;

/// <summary>
/// The messages of a channel as they come. The stream is opened again after every end, from the last event; a hole in the sequence is fetched, so every message
/// is shown once and in order.
/// </summary>
internal sealed class MessageFeed(HttpClient http, MessagingApi api, string channelId, Action<JsonElement> show, Action<string> tell, TimeProvider time)
{
    private static readonly TimeSpan ReconnectDelay = TimeSpan.FromSeconds(2);

    private string _lastEventId = string.Empty;
    private long _last;

    internal async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                await FollowAsync(cancellationToken);
            }
            catch (Exception error) when (!cancellationToken.IsCancellationRequested && error is HttpRequestException or IOException or OperationCanceledException)
            {
                tell("The connection is gone; trying again.");
            }

            await Task.Delay(ReconnectDelay, time, cancellationToken);
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/events?channels={channelId}");
        if (_lastEventId.Length > 0)
        {
            request.Headers.Add("Last-Event-ID", _lastEventId);
        }

        using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        response.EnsureSuccessStatusCode();

        // Subscribed first, read after: what comes in between is in both and shown once.
        await CatchUpAsync(cancellationToken);
        var parser = SseParser.Create(await response.Content.ReadAsStreamAsync(cancellationToken));
        await foreach (var item in parser.EnumerateAsync(cancellationToken))
        {
            _lastEventId = parser.LastEventId;
            switch (item.EventType)
            {
                case "message":
                    await TakeAsync(JsonDocument.Parse(item.Data).RootElement, cancellationToken);
                    break;
                case "sse.gap":
                    await CatchUpAsync(cancellationToken);
                    break;
                case "error" or "close":
                    tell($"The server ended the stream: {item.Data}");
                    break;
            }
        }
    }

    private async Task TakeAsync(JsonElement message, CancellationToken cancellationToken)
    {
        var sequence = message.GetProperty("sequence").GetInt64();
        if (sequence > _last + 1)
        {
            await CatchUpAsync(cancellationToken);
        }

        Show(message);
    }

    private async Task CatchUpAsync(CancellationToken cancellationToken)
    {
        foreach (var message in await api.ReadAsync(channelId, _last, cancellationToken))
        {
            Show(message);
        }
    }

    private void Show(JsonElement message)
    {
        var sequence = message.GetProperty("sequence").GetInt64();
        if (sequence > _last)
        {
            _last = sequence;
            show(message);
        }
    }
}
