using Messaging.Database;

namespace Messaging;

/// <summary>How the program starts and ends.</summary>
internal static partial class Startup
{
    private const string DefaultUrl = "http://localhost:5080";
    private const int SchemaTooNew = 3;

    /// <summary>The project's folder under <c>dotnet run</c>, else the folder of the built program: wherever the page lies.</summary>
    internal static string ContentRoot() =>
        Directory.Exists(Path.Combine(Environment.CurrentDirectory, "wwwroot")) ? Environment.CurrentDirectory : AppContext.BaseDirectory;

    /// <summary>One address unless another is given, by <c>--urls</c>, <c>ASPNETCORE_URLS</c> or Kestrel's own settings.</summary>
    internal static void UseDefaultUrl(this WebApplicationBuilder builder)
    {
        var given = builder.Configuration;
        if (given["urls"] is null && given["http_ports"] is null && given["https_ports"] is null && !given.GetSection("Kestrel:Endpoints").Exists())
        {
            builder.WebHost.UseUrls(DefaultUrl);
        }
    }

    internal static async Task<int> RunToEndAsync(this WebApplication app)
    {
        try
        {
            await app.RunAsync();
            return 0;
        }
        catch (SchemaTooNewException error)
        {
            CannotStart(app.Logger, error.Message);
            return SchemaTooNew;
        }
    }

    [LoggerMessage(9000, LogLevel.Critical, "Cannot start. {Reason}")]
    private static partial void CannotStart(ILogger logger, string reason);
}
