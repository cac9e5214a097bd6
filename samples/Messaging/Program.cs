using Messaging;
using Messaging.Accounts;
using Messaging.Channels;
using Messaging.Database;
using Messaging.Http;
using Messaging.Messages;
using Messaging.Operations;
using Messaging.Realtime;

var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = Startup.ContentRoot() });
builder.UseDefaultUrl();
builder.Services.AddSingleton(TimeProvider.System);
builder.AddHttpBasics();
builder.AddDatabase();

// In the order of their tables.
builder.AddAccounts();
builder.AddRealtime();
builder.AddChannels();
builder.AddMessages();

var app = builder.Build();
app.UseHttpBasics();

var api = app.MapGroup("/api");
api.MapAccounts();
api.MapChannels();
api.MapMessages();
api.MapRealtime();
app.MapHealth();

return await app.RunToEndAsync();

/// <summary>The entry point; public so that tests can host the application.</summary>
public partial class Program;
