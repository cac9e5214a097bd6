namespace Messaging.Client.Resending;

/// <summary>A message on its way. Its client id makes a repetition harmless: the server stores it once. With a delay it is sent later.</summary>
internal sealed record OutgoingMessage(string ClientId, string Text, int? DelaySeconds = null);
