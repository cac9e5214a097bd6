namespace Resilience.Storage.Internal;

/// <summary>The name of this process in journal and audit trail; fresh at each start.</summary>
internal sealed class InstanceId(TimeProvider time)
{
    public string Value { get; } = $"{StoragePath.Printable(Environment.MachineName)}-{Environment.ProcessId}-{Guid.CreateVersion7(time.GetUtcNow()):N}";
}
