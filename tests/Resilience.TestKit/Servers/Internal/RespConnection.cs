using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Resilience.TestKit.Servers.Internal;

/// <summary>One Redis command on a connection of its own: what the fixtures need, without a client library that hides failures.</summary>
internal static class RespConnection
{
    public static async Task<object?> ExecuteAsync(DnsEndPoint server, string[] command)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(server.Host, server.Port).ConfigureAwait(false);
        var stream = client.GetStream();
        await using (stream.ConfigureAwait(false))
        {
            var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"*{command.Length}\r\n");
            foreach (var part in command)
            {
                text.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(part)}\r\n{part}\r\n");
            }

            await stream.WriteAsync(Encoding.UTF8.GetBytes(text.ToString())).ConfigureAwait(false);
            return await ReadAsync(new BufferedStream(stream)).ConfigureAwait(false);
        }
    }

    private static async Task<object?> ReadAsync(BufferedStream stream)
    {
        var line = await LineAsync(stream).ConfigureAwait(false);
        var rest = line[1..];
        switch (line[0])
        {
            case '+':
                return rest;
            case ':':
                return long.Parse(rest, CultureInfo.InvariantCulture);
            case '-':
                throw new InvalidOperationException($"Redis: {rest}");
            case '$':
                return await BulkAsync(stream, int.Parse(rest, CultureInfo.InvariantCulture)).ConfigureAwait(false);
            case '*':
                var count = int.Parse(rest, CultureInfo.InvariantCulture);
                if (count < 0)
                {
                    return null;
                }

                var items = new object?[count];
                for (var i = 0; i < count; i++)
                {
                    items[i] = await ReadAsync(stream).ConfigureAwait(false);
                }

                return items;
            default:
                throw new IOException($"Not a Redis reply: {line}");
        }
    }

    private static async Task<string?> BulkAsync(BufferedStream stream, int length)
    {
        if (length < 0)
        {
            return null;
        }

        var bytes = new byte[length + 2];
        await stream.ReadExactlyAsync(bytes).ConfigureAwait(false);
        return Encoding.UTF8.GetString(bytes, 0, length);
    }

    private static async Task<string> LineAsync(BufferedStream stream)
    {
        var bytes = new List<byte>();
        var one = new byte[1];
        while (true)
        {
            await stream.ReadExactlyAsync(one).ConfigureAwait(false);
            if (one[0] == '\n')
            {
                return Encoding.UTF8.GetString([.. bytes]).TrimEnd('\r');
            }

            bytes.Add(one[0]);
        }
    }
}
