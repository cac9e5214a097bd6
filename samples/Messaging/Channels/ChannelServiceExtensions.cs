using Messaging.Database;

namespace Messaging.Channels;

/// <summary>Channels, members and the list with its figures.</summary>
internal static class ChannelServiceExtensions
{
    internal static WebApplicationBuilder AddChannels(this WebApplicationBuilder builder)
    {
        builder.Services.AddSchema("Channels");
        builder.Services.AddOptions<ChannelOptions>().BindConfiguration("Channels").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<ChannelQuota>();
        builder.Services.AddSingleton<ChannelList>();
        builder.Services.AddSingleton<Memberships>();
        builder.Services.AddSingleton<ReadPositions>();
        builder.Services.AddSingleton<Moderation>();
        return builder;
    }
}
