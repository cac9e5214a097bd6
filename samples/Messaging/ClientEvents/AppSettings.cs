using Messaging.Accounts;

namespace Messaging.ClientEvents;

/// <summary>
/// What an application that uses this server may do, by its own section <c>Apps:{key}</c>. A client names its application in the header
/// <c>X-App-Key</c>; the page is the application <c>default</c>. What is not configured is off.
/// </summary>
internal sealed class AppSettings(IConfiguration configuration) : IPageFeature
{
    internal const string KeyHeader = "X-App-Key";

    private const string DefaultKey = "default";
    private const int MaxKeyLength = 64;

    public string Name => "typing";

    public bool IsOn(HttpContext context) => AllowsClientEvents(context);

    internal bool AllowsClientEvents(HttpContext context)
    {
        var key = context.Request.Headers[KeyHeader] is [{ Length: > 0 } given] ? given : DefaultKey;

        // A colon would lead to another part of the configuration.
        return key.Length <= MaxKeyLength && key.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')
            && bool.TryParse(configuration[$"Apps:{key}:ClientEvents"], out var on) && on;
    }
}
