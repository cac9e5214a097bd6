using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Resilience.Storage;

internal static class StorageChecks
{
    public static async Task RunAsync()
    {
        var services = new ServiceCollection().AddLogging().AddMetrics();
        services.AddTransactionalFileDeletion(static options => options.MaxBatch = 0).UseTable("attachments").AddOrphanSweeper();
        await using var provider = services.BuildServiceProvider();
        try
        {
            _ = provider.GetRequiredService<IOptions<FileDeletionOptions>>().Value;
            Check.That(false, "a batch of none is refused");
        }
        catch (OptionsValidationException exception)
        {
            Check.That(exception.Message.Contains("MaxBatch", StringComparison.Ordinal), "the message names the option");
        }

        Check.That(StorageSchema.GetScript(SqlDialect.Sqlite).Contains("CREATE TABLE", StringComparison.Ordinal), "the tables ship with the package");
    }
}
