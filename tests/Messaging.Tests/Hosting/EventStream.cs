using System.Net.ServerSentEvents;
using System.Text.Json;
using Resilience.TestKit;

namespace Messaging.Tests;

/// <summary>An open stream of events, read in the background by the framework's own parser.</summary>
public sealed class EventStream : IAsyncDisposable
{
    private readonly HttpResponseMessage _response;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _reading;
    private readonly Lock _gate = new();
    private readonly List<(string Type, string Data)> _events = [];
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private EventStream(HttpResponseMessage response, Stream body)
    {
        _response = response;
        _reading = ReadAsync(body);
    }

    /// <summary>Ends when the server has ended the stream.</summary>
    public Task Ended => _reading;

    /// <summary>The id to come back with.</summary>
    public string LastEventId { get; private set; } = string.Empty;

    public static async Task<EventStream> OpenAsync(TestClient client, string channels, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/api/events?channels={channels}");
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await client.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        ((int)response.StatusCode).ShouldBe(200);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        return await OverAsync(response);
    }

    /// <summary>Reads a stream that has been answered already.</summary>
    public static async Task<EventStream> OverAsync(HttpResponseMessage response) => new(response, await response.Content.ReadAsStreamAsync());

    public IReadOnlyList<(string Type, JsonElement Data)> Of(string type)
    {
        lock (_gate)
        {
            return [.. _events.Where(entry => entry.Type == type).Select(static entry => (entry.Type, JsonDocument.Parse(entry.Data).RootElement))];
        }
    }

    /// <summary>Waits for the n-th event of a type and answers its data.</summary>
    public Task<JsonElement> WhenAsync(string type, int count = 1) => NthAsync(type, count, static _ => true).Within(what: $"event {type} number {count}");

    /// <summary>Waits for an event of a type whose data fulfils a condition.</summary>
    public Task<JsonElement> WhenAsync(string type, Func<JsonElement, bool> condition) => NthAsync(type, 1, condition).Within(what: $"a certain event {type}");

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _response.Dispose();
        await _reading;
        _stop.Dispose();
    }

    private async Task<JsonElement> NthAsync(string type, int count, Func<JsonElement, bool> condition)
    {
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task;
            if (Of(type).Where(entry => condition(entry.Data)).ToList() is var found && found.Count >= count)
            {
                return found[count - 1].Data;
            }

            await changed;
        }
    }

    private async Task ReadAsync(Stream body)
    {
        try
        {
            var parser = SseParser.Create(body);
            await foreach (var item in parser.EnumerateAsync(_stop.Token))
            {
                lock (_gate)
                {
                    _events.Add((item.EventType, item.Data));
                    LastEventId = parser.LastEventId;
                }

                Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
            }
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or HttpRequestException)
        {
            // The test closed the stream, or the server cut it.
        }
    }
}
