using Microsoft.Extensions.Caching.Hybrid;

namespace Resilience.Data;

/// <summary>Options of one call, with the cache's defaults filled in.</summary>
internal readonly record struct EntrySettings(HybridCacheEntryFlags Flags, TimeSpan Ttl, TimeSpan NegativeTtl, TimeSpan? LocalTtl)
{
    public bool ReadsLocal => (Flags & HybridCacheEntryFlags.DisableLocalCacheRead) == 0;

    public bool WritesLocal => (Flags & HybridCacheEntryFlags.DisableLocalCacheWrite) == 0;

    public bool ReadsShared => (Flags & HybridCacheEntryFlags.DisableDistributedCacheRead) == 0;

    public bool WritesShared => (Flags & HybridCacheEntryFlags.DisableDistributedCacheWrite) == 0;

    public bool Loads => (Flags & HybridCacheEntryFlags.DisableUnderlyingData) == 0;

    public static EntrySettings Of(HybridCacheEntryOptions? entry, FencedCacheOptions options)
    {
        var ttl = entry?.Expiration ?? options.Ttl;
        return new EntrySettings(
            entry?.Flags ?? HybridCacheEntryFlags.None, ttl, ttl < options.NegativeTtl ? ttl : options.NegativeTtl, entry?.LocalCacheExpiration);
    }
}
