using Messaging.Http;

namespace Messaging.Realtime;

/// <summary>Names of the hub's channels.</summary>
internal static class Topics
{
    internal static string Channel(long channelId) => $"channel:{Ids.Format(channelId)}";

    internal static string User(long userId) => $"user:{Ids.Format(userId)}";
}
