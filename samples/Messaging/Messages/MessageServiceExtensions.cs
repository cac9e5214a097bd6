using Messaging.Database;

namespace Messaging.Messages;

/// <summary>Sending and reading messages.</summary>
internal static class MessageServiceExtensions
{
    internal static WebApplicationBuilder AddMessages(this WebApplicationBuilder builder)
    {
        builder.Services.AddSchema("Messages");
        builder.Services.AddLockedTable("messages", "id");
        builder.Services.AddSingleton<MessageLog>();
        builder.Services.AddSingleton<MessageChanges>();
        return builder;
    }
}
