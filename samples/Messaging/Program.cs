using Messaging;

return await MessagingApplication.Create(args).RunToEndAsync();

/// <summary>The entry point; public so that tests can host the application.</summary>
public partial class Program;
