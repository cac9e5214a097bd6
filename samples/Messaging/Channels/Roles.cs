namespace Messaging.Channels;

/// <summary>The roles of a member.</summary>
internal static class Roles
{
    internal const string Owner = "owner";
    internal const string Moderator = "moderator";
    internal const string Member = "member";
}
