using Messaging.Database;
using Messaging.Redis;
using Microsoft.Extensions.Caching.Hybrid;

namespace Messaging.Channels;

/// <summary>Channels, members and the list with its figures.</summary>
internal static class ChannelServiceExtensions
{
    internal static WebApplicationBuilder AddChannels(this WebApplicationBuilder builder)
    {
        var services = builder.Services;
        services.AddSchema("Channels");
        services.AddLockedTable("channels", "id").AddLockedTable("members", "channel_id", "user_id").AddLockedTable("bans", "channel_id", "user_id");
        services.AddOptions<ChannelOptions>().BindConfiguration("Channels").ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ChannelQuota>();
        services.AddSingleton<ChannelWrites>();
        services.AddSingleton<Memberships>();
        services.AddSingleton<ReadPositions>();
        services.AddSingleton<Moderation>();
        services.AddScoped<ChannelList>();
        services.AddBatchLoader<long, ChannelFigures>(ChannelFigures.Loader, ChannelFigures.LoadAsync);
        builder.AddChannelCache();
        return builder;
    }

    private static void AddChannelCache(this WebApplicationBuilder builder)
    {
        var redis = RedisOptions.Of(builder.Configuration);
        var cache = builder.Services.AddFencedCache(o => builder.Configuration.GetSection("Cache").Bind(o));
        if (redis.IsOn)
        {
            cache.UseRedis(o =>
            {
                o.Configuration = redis.Configuration;
                o.KeyPrefix = redis.KeyPrefix.TrimEnd(':');
            });
        }

        // Several nodes on one database, and nothing that tells one of the others' writes: nothing is kept, loads at the same time are still one.
        var unshared = builder.UsesPostgreSql() && !redis.IsOn;
        builder.Services.AddSingleton(new ChannelCacheOptions(
            unshared ? new HybridCacheEntryOptions { Flags = HybridCacheEntryFlags.DisableLocalCache } : null));
    }
}
