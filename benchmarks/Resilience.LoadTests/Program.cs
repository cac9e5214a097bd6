return Resilience.LoadTests.LoadTestRunner.Run(args);
