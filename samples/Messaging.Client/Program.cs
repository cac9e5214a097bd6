using Messaging.Client;

// Usage: Messaging.Client URL NAME CHANNEL; the password comes from MESSAGING_PASSWORD or is asked for.
// Lines from standard input are sent, messages are written to standard output, everything else to standard error.
if (args is not [var url, var name, var channel] || !Uri.TryCreate(url, UriKind.Absolute, out var address))
{
    await Console.Error.WriteLineAsync("Usage: Messaging.Client URL NAME CHANNEL   (password in MESSAGING_PASSWORD)");
    return 2;
}

using var stop = new CancellationTokenSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    stop.Cancel();
};

return await new Conversation(address, TimeProvider.System).RunAsync(name, channel, stop.Token);
