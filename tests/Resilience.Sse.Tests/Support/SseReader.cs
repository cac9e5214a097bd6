namespace Resilience.Sse.Tests.Support;

/// <summary>Reads a response body event by event.</summary>
internal sealed class SseReader(Stream stream) : IAsyncDisposable
{
    private readonly byte[] _buffer = new byte[16 * 1024];
    private int _taken;

    public SpecParser Parser { get; } = new();

    public bool Ended { get; private set; }

    public static async Task<SseReader> OpenAsync(HttpClient http, string path, string? lastEventId = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = http.DefaultRequestVersion, VersionPolicy = http.DefaultVersionPolicy };
        if (lastEventId is not null)
        {
            request.Headers.Add("Last-Event-ID", lastEventId);
        }

        var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        response.StatusCode.ShouldBe(System.Net.HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var reader = new SseReader(await response.Content.ReadAsStreamAsync());
        await reader.WhenBlocksAsync(1);
        return reader;
    }

    /// <summary>The next event; null at the end of the stream.</summary>
    public async Task<ParsedEvent?> NextAsync()
    {
        while (Parser.Events.Count == _taken)
        {
            if (!await ReadAsync())
            {
                return null;
            }
        }

        return Parser.Events[_taken++];
    }

    /// <summary>Reads until so many blocks, dispatched or not, have come.</summary>
    public async Task WhenBlocksAsync(int blocks)
    {
        while (Parser.Blocks < blocks && await ReadAsync())
        {
        }

        Parser.Blocks.ShouldBeGreaterThanOrEqualTo(blocks);
    }

    public async Task<List<ParsedEvent>> ReadToEndAsync()
    {
        while (await ReadAsync())
        {
        }

        return Parser.Events;
    }

    public ValueTask DisposeAsync() => stream.DisposeAsync();

    private async Task<bool> ReadAsync()
    {
        using var watchdog = new CancellationTokenSource(TimeSpan.FromSeconds(60), TimeProvider.System);
        var read = await stream.ReadAsync(_buffer, watchdog.Token);
        if (read == 0)
        {
            Ended = true;
            return false;
        }

        Parser.Feed(_buffer.AsSpan(0, read));
        return true;
    }
}
