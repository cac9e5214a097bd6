using System.Text.Json;
using Messaging.Client.Api;
using Messaging.Client.Live;
using Messaging.Client.Resending;

namespace Messaging.Client;

/// <summary>One user in one channel, at the console.</summary>
internal sealed class Conversation(Uri server, TimeProvider time)
{
    private const int Failed = 1;

    /// <returns>0 when everything that was typed was sent, else 1.</returns>
    internal async Task<int> RunAsync(string name, string channel, CancellationToken cancellationToken)
    {
        using var http = new HttpClient { BaseAddress = server };
        var api = new MessagingApi(http);
        try
        {
            if (await api.SignInAsync(name, Password(), cancellationToken) is { } refusal)
            {
                Tell(refusal);
                return Failed;
            }

            var channelId = await api.EnterAsync(channel, cancellationToken);
            Tell($"You are in {channel}. Type a line to send it, /in 10m and a line to send it later; Ctrl+D ends.");
            return await TalkAsync(http, api, channelId, cancellationToken);
        }
        catch (HttpRequestException error)
        {
            Tell(error.Message);
            return Failed;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return Failed;
        }
    }

    private async Task<int> TalkAsync(HttpClient http, MessagingApi api, string channelId, CancellationToken cancellationToken)
    {
        var queue = new ResendQueue((message, token) => api.SendAsync(channelId, message, token), Report, time);
        using var stopFeed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var feed = new MessageFeed(http, api, channelId, Show, Tell, time).RunAsync(stopFeed.Token);
        var sending = queue.RunAsync(cancellationToken);
        var reading = ReadLinesAsync(queue, cancellationToken);
        await reading;
        await sending;
        await stopFeed.CancelAsync();
        await feed.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return queue.FailedCount == 0 ? 0 : Failed;
    }

    private static async Task ReadLinesAsync(ResendQueue queue, CancellationToken cancellationToken)
    {
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            if (line.Trim().Length == 0)
            {
                continue;
            }

            if (!TypedLine.TryParse(line, out var typed, out var mistake))
            {
                Tell(mistake);
            }
            else if (!queue.TryAdd(new OutgoingMessage(Guid.CreateVersion7().ToString("N"), typed.Text, typed.DelaySeconds)))
            {
                Tell("Too much is waiting to be sent; this line was not taken.");
            }
        }

        queue.Complete();
    }

    private static string Password()
    {
        if (Environment.GetEnvironmentVariable("MESSAGING_PASSWORD") is { Length: > 0 } given)
        {
            return given;
        }

        Console.Error.Write("Password: ");
        return Console.ReadLine() ?? string.Empty;
    }

    private static void Show(JsonElement message) =>
        Console.Out.WriteLine($"{message.GetProperty("author").GetProperty("name").GetString()}: {message.GetProperty("text").GetString()}");

    private static void Report(ResendNotice notice)
    {
        switch (notice)
        {
            case ResendNotice.Waiting waiting:
                Tell($"Not sent yet ({waiting.Reason}); try {waiting.Try} of {ResendQueue.MaxTries} follows in {waiting.Delay.TotalSeconds:0} s.");
                break;
            case ResendNotice.Failed failed:
                Tell($"Not sent: \"{failed.Message.Text}\". {failed.Reason}");
                break;
        }
    }

    private static void Tell(string text) => Console.Error.WriteLine(text);
}
