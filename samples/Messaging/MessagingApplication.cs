using Messaging.Accounts;
using Messaging.Attachments;
using Messaging.Channels;
using Messaging.ClientEvents;
using Messaging.Database;
using Messaging.Http;
using Messaging.Limits;
using Messaging.Messages;
using Messaging.Operations;
using Messaging.Presence;
using Messaging.Realtime;
using Messaging.Scheduling;

namespace Messaging;

/// <summary>The whole application: each feature brings its services, its tables and its routes.</summary>
internal static class MessagingApplication
{
    /// <param name="args">Settings as on the command line.</param>
    /// <param name="configure">Changes services before the application is built; for tests.</param>
    internal static WebApplication Create(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = Startup.ContentRoot() });
        builder.UseDefaultUrl();
        builder.Services.AddSingleton(TimeProvider.System);
        builder.AddHttpBasics();
        builder.AddLimits();
        builder.AddDatabase();

        // In the order of their tables.
        builder.AddAccounts();
        builder.AddRealtime();
        builder.AddChannels();
        builder.AddMessages();
        builder.AddScheduling();
        builder.AddAttachments();
        builder.AddClientEvents();
        builder.AddPresence();
        configure?.Invoke(builder);

        var app = builder.Build();
        app.UseHttpBasics();

        var api = app.MapGroup("/api");
        api.MapAccounts();
        api.MapChannels();
        api.MapModeration();
        api.MapMessages();
        api.MapScheduling();
        api.MapAttachments();
        api.MapRealtime();
        api.MapClientEvents();
        api.MapPresence();
        app.MapAttachmentOperations();
        app.MapSchedulingOperations();
        app.MapHealth();
        return app;
    }
}
