package keys

import "gantry/remoting/properties"

// nettyServerConfig has the keys of NettyServerConfig 4.9.
func nettyServerConfig() []Key {
	const num, yes = properties.Int, properties.Bool
	return []Key{
		{"listenPort", num, "(10911, of a name server 9876)", plain, Fixed, "the port; proxy and standalone have --listen, standalone gatewayBasePort for its shard"},
		{"serverWorkerThreads", num, "8", plain, NoEffect, noNetty},
		{"serverCallbackExecutorThreads", num, "0", plain, NoEffect, noNetty},
		{"serverSelectorThreads", num, "3", plain, NoEffect, noNetty},
		{"serverOnewaySemaphoreValue", num, "256", plain, NoEffect, noQueues},
		{"serverAsyncSemaphoreValue", num, "64", plain, NoEffect, noQueues},
		{"serverChannelMaxIdleTimeSeconds", num, "120", plain, NoEffect, "a connection is cut after 120 s on which nothing came or went"},
		{"serverSocketSndBufSize", num, "0", plain, NoEffect, "the kernel sizes buffers"},
		{"serverSocketRcvBufSize", num, "0", plain, NoEffect, "the kernel sizes buffers"},
		{"writeBufferHighWaterMark", num, "0", plain, NoEffect, "a connection bounds its unsent bytes"},
		{"writeBufferLowWaterMark", num, "0", plain, NoEffect, "a connection bounds its unsent bytes"},
		{"serverSocketBacklog", num, "1024", plain, NoEffect, "the kernel's net.core.somaxconn decides"},
		{"serverPooledByteBufAllocatorEnable", yes, "true", plain, NoEffect, noNetty},
		{"useEpollNativeSelector", yes, "false", plain, NoEffect, noNetty},
	}
}

// nettyClientConfig has the keys of NettyClientConfig 4.9: of a broker as the
// client of name servers and of its master.
func nettyClientConfig() []Key {
	const num, yes, long = properties.Int, properties.Bool, properties.Long
	return []Key{
		{"clientWorkerThreads", num, "4", plain, NoEffect, noNetty},
		{"clientCallbackExecutorThreads", num, "(the processors)", plain, NoEffect, noNetty},
		{"clientOnewaySemaphoreValue", num, "65535", plain, NoEffect, noQueues},
		{"clientAsyncSemaphoreValue", num, "65535", plain, NoEffect, noQueues},
		{"connectTimeoutMillis", num, "3000", plain, NoEffect, "registerBrokerTimeoutMills counts for the connection, too"},
		{"channelNotActiveInterval", long, "60000", plain, NoEffect, noReader},
		{"clientChannelMaxIdleTimeSeconds", num, "120", plain, NoEffect, "connections to name servers are used by each registration"},
		{"clientSocketSndBufSize", num, "0", plain, NoEffect, "the kernel sizes buffers"},
		{"clientSocketRcvBufSize", num, "0", plain, NoEffect, "the kernel sizes buffers"},
		{"clientPooledByteBufAllocatorEnable", yes, "false", plain, NoEffect, noReader},
		{"clientCloseSocketIfTimeout", yes, "true", plain, NoEffect, "a connection to a name server that does not answer is always made anew"},
		{"useTLS", yes, "false", plain, Refused, "TLS is not in this release: everything would go in the clear; remove the line to start without it"},
		{"writeBufferHighWaterMark", num, "0", plain, NoEffect, "a connection bounds its unsent bytes"},
		{"writeBufferLowWaterMark", num, "0", plain, NoEffect, "a connection bounds its unsent bytes"},
	}
}
