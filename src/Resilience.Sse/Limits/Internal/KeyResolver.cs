using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using Microsoft.AspNetCore.Http;

namespace Resilience.Sse;

/// <summary>Who is calling: address, user and the key of the limits. Stateless.</summary>
internal sealed class KeyResolver(SseKeyKind kind, string userClaim, ISseKeySelector? selector)
{
    /// <summary>Whether the key depends on the address, so that unprocessed forwarding headers make all callers one.</summary>
    public bool UsesAddress => selector is null && kind != SseKeyKind.User;

    /// <summary>The address as limits count it: an IPv6 address by its /64 network, because one client has all of it.</summary>
    public static string Network(IPAddress? address)
    {
        if (address is null)
        {
            return "unknown";
        }

        if (address.IsIPv4MappedToIPv6)
        {
            return Text(address.MapToIPv4());
        }

        if (address.AddressFamily != AddressFamily.InterNetworkV6 || IPAddress.IsLoopback(address))
        {
            return Text(address);
        }

        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out _);
        bytes[8..].Clear();
        return new IPAddress(bytes) + "/64";
    }

    /// <summary>Formatted here, because an address keeps what it was asked for once, and the server keeps the address as long as the stream.</summary>
    public static string Text(IPAddress address)
    {
        Span<char> text = stackalloc char[64];
        return address.TryFormat(text, out var length) ? new string(text[..length]) : address.ToString();
    }

    public string? UserId(ClaimsPrincipal user) =>
        user.FindFirst(userClaim)?.Value ?? (user.Identity is { IsAuthenticated: true, Name: { Length: > 0 } name } ? name : null);

    public string Key(HttpContext http, string network)
    {
        if (selector is not null)
        {
            return selector.SelectKey(http);
        }

        if (kind == SseKeyKind.RemoteAddress || UserId(Callers.User(http)) is not { } user)
        {
            return network;
        }

        // The length in front keeps a user's name from posing as another pair.
        return kind == SseKeyKind.User ? $"user:{user}" : $"{user.Length}:{user}@{network}";
    }
}
