return await Resilience.TestKit.ChildHost.RunAsync(args).ConfigureAwait(false);
