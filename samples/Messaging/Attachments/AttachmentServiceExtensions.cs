using System.Data.Common;
using Messaging.Database;
using Resilience.Storage;

namespace Messaging.Attachments;

/// <summary>Files of channels.</summary>
internal static class AttachmentServiceExtensions
{
    internal static WebApplicationBuilder AddAttachments(this WebApplicationBuilder builder)
    {
        var root = Path.Combine(builder.DataDirectory(), "attachments");
        Directory.CreateDirectory(root);
        builder.Services.AddOptions<AttachmentOptions>().BindConfiguration("Attachments").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSchema("Attachments");
        builder.Services.AddSingleton<AttachmentUploads>();
        builder.Services.AddTransactionalFileDeletion(o =>
            {
                o.RootPath = root;
                builder.Configuration.GetSection("Attachments:Deletion").Bind(o);
            })
            .UseDatabase(
                static provider => provider.GetRequiredService<DbDataSource>(), builder.UsesPostgreSql() ? SqlDialect.PostgreSql : SqlDialect.Sqlite)
            .UseStore<AttachmentRecords>()
            .AddAuthorizer<AttachmentAuthorizer>()
            .AddOrphanSweeper();
        builder.Services.AddHealthChecks().AddTransactionalFileDeletion("attachments");
        return builder;
    }
}
