// redigo: redigo PORT CUT_PORT
package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/gomodule/redigo/redis"
)

func connect(port string) (redis.Conn, error) {
	return redis.Dial("tcp", "127.0.0.1:"+port,
		redis.DialUsername("alice"), redis.DialPassword("wonderland"))
}

func step(name string, run func() (string, error)) {
	remark, err := run()
	if err != nil {
		fmt.Println("failed", name, strings.ReplaceAll(err.Error(), "\n", " "))
		return
	}
	fmt.Println("ok", name, remark)
}

func field(reply interface{}, name string) interface{} {
	values, _ := reply.([]interface{})
	for index := 0; index+1 < len(values); index++ {
		if text, ok := values[index].([]byte); ok && string(text) == name {
			return values[index+1]
		}
	}
	return nil
}

func text(value interface{}) string {
	bytes, _ := value.([]byte)
	return string(bytes)
}

func expect(isTrue bool, what interface{}) error {
	if isTrue {
		return nil
	}
	return fmt.Errorf("unexpected: %q", what)
}

// A pool gives a new connection for one that broke.
func untilAnswered(pool *redis.Pool, words ...interface{}) (interface{}, string, error) {
	for count := 0; ; count++ {
		shop := pool.Get()
		reply, err := shop.Do(words[0].(string), words[1:]...)
		shop.Close()
		if err == nil && count == 0 {
			return reply, "no error", nil
		}
		if err == nil || count == 50 {
			return reply, fmt.Sprintf("%d errors", count), err
		}
		time.Sleep(100 * time.Millisecond)
	}
}

func pooled(port string) *redis.Pool {
	return &redis.Pool{MaxIdle: 1, Dial: func() (redis.Conn, error) { return connect(port) }}
}

func main() {
	pool := pooled(os.Args[1])
	shop := pool.Get()
	var at interface{}
	buy := []interface{}{"1001", 2, "ORDER", "buy-1"}

	step("connect", func() (string, error) {
		if _, err := shop.Do("PING"); err != nil {
			return "", err
		}
		reply, err := shop.Do("WHOAMI")
		if err != nil {
			return "", err
		}
		return "", expect(text(field(reply, "user")) == "alice", reply)
	})
	step("inventory", func() (string, error) {
		items, err := redis.Values(shop.Do("INVENTORY", 1001))
		if err != nil {
			return "", err
		}
		return "", expect(text(field(items[0], "name")) == "Käse", items)
	})
	step("purchase", func() (string, error) {
		receipt, err := shop.Do("PURCHASE", buy...)
		if err != nil {
			return "", err
		}
		at = field(receipt, "at")
		return "", expect(field(receipt, "replayed") == int64(0), receipt)
	})
	step("replay", func() (string, error) {
		receipt, err := shop.Do("PURCHASE", buy...)
		if err != nil {
			return "", err
		}
		return "", expect(field(receipt, "replayed") == int64(1) && field(receipt, "at") == at, receipt)
	})
	step("refusal", func() (string, error) {
		reply, err := shop.Do("PURCHASE", 1002, 9, "ORDER", "refused-1")
		refusal, ok := err.(redis.Error)
		return "redis.Error", expect(ok && strings.HasPrefix(string(refusal), "NOSTOCK "), reply)
	})
	step("pipeline", func() (string, error) {
		for index := 0; index < 1000; index++ {
			shop.Send("PURCHASE", 1001, 1, "ORDER", fmt.Sprintf("pipe-%d", index))
		}
		shop.Flush()
		for index := 0; index < 1000; index++ {
			receipt, err := shop.Receive()
			if err != nil {
				return "", err
			}
			if text(field(receipt, "order")) != fmt.Sprintf("pipe-%d", index) {
				return "", expect(false, receipt)
			}
		}
		return "", nil
	})
	step("transaction", func() (string, error) {
		shop.Send("MULTI")
		shop.Send("PURCHASE", 1001, 1, "ORDER", "tx-1")
		shop.Send("PURCHASE", 1001, 1, "ORDER", "tx-2")
		receipts, err := redis.Values(shop.Do("EXEC"))
		if err != nil {
			return "", err
		}
		return "", expect(len(receipts) == 2 && text(field(receipts[1], "order")) == "tx-2", receipts)
	})
	step("abort", func() (string, error) {
		shop.Send("MULTI")
		shop.Send("PURCHASE", 1001, 1, "ORDER", "abort-1")
		shop.Send("PURCHASE", 1001, "none")
		reply, err := shop.Do("EXEC")
		if err == nil {
			return "", errors.New(fmt.Sprintf("no error, but %q", reply))
		}
		return "redis.Error", nil
	})
	step("restart", func() (string, error) {
		shop.Close()
		fmt.Println("restart")
		bufio.NewReader(os.Stdin).ReadString('\n')
		receipt, remark, err := untilAnswered(pool, "ORDER", "buy-1")
		if err != nil {
			return "", err
		}
		return remark, expect(field(receipt, "at") == at, receipt)
	})
	step("cut", func() (string, error) {
		other := pooled(os.Args[2])
		receipt, remark, err := untilAnswered(other, "PURCHASE", 1001, 1, "ORDER", "cut-1")
		if err != nil {
			return "", err
		}
		how := "tells"
		if remark == "no error" {
			how = "sends again"
		}
		return how, expect(field(receipt, "replayed") == int64(1), receipt)
	})
	step("close", func() (string, error) { return "", pool.Close() })
}
