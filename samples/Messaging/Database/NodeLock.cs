namespace Messaging.Database;

/// <summary>What one node at a time does. The numbers are the same on every node of every version.</summary>
internal enum NodeLock
{
    Schema = 5_080_001,
    Outbox = 5_080_002,
}
