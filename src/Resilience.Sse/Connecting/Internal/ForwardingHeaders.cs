using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Http;

namespace Resilience.Sse;

/// <summary>
/// Notices a proxy in front whose forwarding headers nobody processes. Only from private addresses, where proxies are: a stranger must not be able to raise the alert.
/// </summary>
internal static class ForwardingHeaders
{
    public static void Check(HttpContext http, SseNode node)
    {
        if (!node.Keys.UsesAddress)
        {
            return;
        }

        var headers = http.Request.Headers;
        var forwarded = headers.ContainsKey("X-Forwarded-For") || headers.ContainsKey("Forwarded");
        if (forwarded && !headers.ContainsKey("X-Original-For") && IsPrivate(http.Connection.RemoteIpAddress))
        {
            node.Alerts.OnForwardingHeaders();
        }
    }

    private static bool IsPrivate(IPAddress? address)
    {
        if (address is null)
        {
            return false;
        }

        if (IPAddress.IsLoopback(address))
        {
            return true;
        }

        var plain = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (plain.AddressFamily == AddressFamily.InterNetworkV6)
        {
            return plain.IsIPv6UniqueLocal || plain.IsIPv6LinkLocal;
        }

        Span<byte> b = stackalloc byte[4];
        plain.TryWriteBytes(b, out _);
        return b[0] == 10 || (b[0] == 172 && b[1] is >= 16 and < 32) || (b[0] == 192 && b[1] == 168) || (b[0] == 100 && b[1] is >= 64 and < 128);
    }
}
