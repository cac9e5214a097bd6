using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Resilience.Cleanup;

/// <summary>
/// Where a scope comes from: an address, or a key that the application gives (a tenant, a user). Only a hash is kept, made with a secret of the process, so that
/// nobody can choose addresses that share a counter with a victim. The default value has no source and is never limited. Immutable.
/// </summary>
public readonly struct CleanupSource : IEquatable<CleanupSource>
{
    private static readonly ulong Secret = BinaryPrimitives.ReadUInt64LittleEndian(RandomNumberGenerator.GetBytes(8));

    private CleanupSource(ulong hash) => Hash = hash | 1;

    /// <summary>Zero for no source.</summary>
    internal ulong Hash { get; }

    /// <summary>An address: IPv4 as it is, IPv6 by its first 64 bits, because whoever has one such address has all of them.</summary>
    /// <param name="address">The address; null is no source.</param>
    public static CleanupSource FromAddress(IPAddress? address)
    {
        if (address is null)
        {
            return default;
        }

        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        address.TryWriteBytes(bytes, out _);
        var first = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        return new CleanupSource(Mix(Mix(Secret ^ first) + (address.AddressFamily == AddressFamily.InterNetwork ? 4UL : 6UL)));
    }

    /// <summary>A key of the application.</summary>
    /// <param name="key">The key, compared character by character; null or empty is no source.</param>
    public static CleanupSource FromKey(string? key)
    {
        if (string.IsNullOrEmpty(key))
        {
            return default;
        }

        var hash = Secret;
        foreach (var character in key)
        {
            hash = Mix(hash ^ character);
        }

        return new CleanupSource(hash);
    }

    /// <inheritdoc />
    public bool Equals(CleanupSource other) => Hash == other.Hash;

    /// <inheritdoc />
    public override bool Equals(object? obj) => obj is CleanupSource other && Equals(other);

    /// <inheritdoc />
    public override int GetHashCode() => Hash.GetHashCode();

    /// <summary>Whether both are the same source.</summary>
    public static bool operator ==(CleanupSource left, CleanupSource right) => left.Equals(right);

    /// <summary>Whether they are different sources.</summary>
    public static bool operator !=(CleanupSource left, CleanupSource right) => !left.Equals(right);

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 33)) * 0xFF51AFD7ED558CCD;
        z = (z ^ (z >> 33)) * 0xC4CEB9FE1A85EC53;
        return z ^ (z >> 33);
    }
}
