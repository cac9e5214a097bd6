using System.Text.Json.Serialization;

namespace Messaging.Scheduling;

/// <summary>What the queue carries of a scheduled message: the key of its row, and never its text.</summary>
internal readonly record struct ScheduledMessageId(string Key)
{
    internal static ScheduledMessageId New() => new(Guid.CreateVersion7().ToString("N"));
}

/// <summary>How the id is written on Redis.</summary>
[JsonSerializable(typeof(ScheduledMessageId))]
internal sealed partial class SchedulingJson : JsonSerializerContext;
