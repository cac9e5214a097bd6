await CleanupChecks.RunAsync();
await QueueChecks.RunAsync();
await StorageChecks.RunAsync();
await DataChecks.RunAsync();
Console.WriteLine("all checks passed");
